# The service: `wildfire-bench serve` with the status API on port 8003. docker-compose.yml runs it as
# data-ingestion-service.
#
#   docker build -t wildfire-data-ingestion .
ARG BASE=python:3.13-slim

FROM $BASE AS build
# For a mirror, or for wheels in build/wheels: pip reads these from its environment.
ARG PIP_INDEX_URL
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
# The package's version, which is the newest tag's where there is a .git; empty: 0.1.dev0.
ARG SETUPTOOLS_SCM_PRETEND_VERSION
COPY . /src
RUN python3 -m venv /opt/wildfire-bench \
    && /opt/wildfire-bench/bin/pip install --no-cache-dir --no-compile \
        --constraint /src/constraints.txt "/src[api,fast]"

FROM $BASE
COPY --from=build /opt/wildfire-bench /opt/wildfire-bench
# What is to be sent, the note of what was, and incomplete images that memory has no room for. A
# volume takes its owner from here: one of its own, who is nobody on the host.
RUN mkdir -p /data/incoming /data/spill && chown -R 10001:10001 /data
ENV PATH=/opt/wildfire-bench/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8003
# SIGTERM, Docker's own: what is begun is finished, within service.stop_timeout_s.
CMD ["wildfire-bench", "serve", "--watch", "/data/incoming", "--resume", "/data/sent.jsonl", "--create-topics"]
