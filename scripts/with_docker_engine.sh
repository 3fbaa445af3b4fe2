#!/usr/bin/env bash
# Runs a command with a Docker engine of its own, which ends with the command, however that ends:
#
#   scripts/with_docker_engine.sh COMMAND [ARGUMENT...]
#
# Where an engine answers already, the command simply uses that one, and nothing is started or
# stopped. Otherwise, as root, dockerd is started with its socket, data and process id in a
# temporary folder, so that neither an installed engine nor its images are touched.
# Exit status: that of the command, or 69 (unavailable) where no engine can be started.
set -euo pipefail

readonly START_TIMEOUT_S=60
readonly STOP_TIMEOUT_S=40
readonly UNAVAILABLE=69

if (($# == 0)); then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 2
fi

unavailable() {
    echo "no Docker engine: $1" >&2
    exit "$UNAVAILABLE"
}

command -v docker >/dev/null || unavailable "docker is not installed"
if timeout 10 docker version >/dev/null 2>&1; then
    exec "$@"
fi
command -v dockerd >/dev/null || unavailable "dockerd is not installed"
[ "$(id -u)" = 0 ] || unavailable "none runs, and only root can start one"

folder=$(mktemp -d "${TMPDIR:-/tmp}/wildfire-docker.XXXXXX")
engine_pid=
had_bridge=yes
[ -e /sys/class/net/docker0 ] || had_bridge=
forwards=$(</proc/sys/net/ipv4/ip_forward)
forward_policy=$(iptables -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p') || forward_policy=

# dockerd leaves its bridge, its firewall rules and a closed FORWARD chain behind. They are taken
# back unless there was a bridge before: then another engine may be using them.
restore_network() {
    [ -z "$had_bridge" ] || return 0
    ip link delete docker0 2>/dev/null || true
    if [ -n "$forward_policy" ]; then
        iptables-save | grep -vi docker | iptables-restore || true
        iptables -P FORWARD "$forward_policy" || true
    fi
    echo "$forwards" >/proc/sys/net/ipv4/ip_forward || true
}

stop_engine() {
    trap '' INT TERM
    if [ -n "$engine_pid" ] && kill -0 "$engine_pid" 2>/dev/null; then
        # Containers and their networks first: dockerd would leave what it cannot stop in time.
        containers=$(timeout 10 docker ps --all --quiet 2>/dev/null) || containers=
        # shellcheck disable=SC2086 # ids, one word each
        [ -z "$containers" ] ||
            timeout "$STOP_TIMEOUT_S" docker rm --force $containers >/dev/null 2>&1 || true
        timeout 10 docker network prune --force >/dev/null 2>&1 || true
        kill "$engine_pid" 2>/dev/null || true
        for ((tenths = 0; tenths < STOP_TIMEOUT_S * 10; tenths++)); do
            kill -0 "$engine_pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$engine_pid" 2>/dev/null || true
        wait "$engine_pid" 2>/dev/null || true
    fi
    restore_network
    rm -rf "$folder"
}
trap stop_engine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export DOCKER_HOST="unix://$folder/docker.sock"
# In a session of its own: a Ctrl-C is for the command, the engine is stopped below.
setsid dockerd --host "$DOCKER_HOST" --pidfile "$folder/dockerd.pid" \
    --data-root "$folder/data" --exec-root "$folder/run" >"$folder/dockerd.log" 2>&1 &
engine_pid=$!
for ((tenths = 0; ; tenths++)); do
    timeout 5 docker version >/dev/null 2>&1 && break
    if ! kill -0 "$engine_pid" 2>/dev/null || ((tenths >= START_TIMEOUT_S * 10)); then
        tail -n 5 "$folder/dockerd.log" >&2
        unavailable "dockerd did not start"
    fi
    sleep 0.1
done

"$@" &
command_pid=$!
trap 'kill -INT "$command_pid" 2>/dev/null; exit 130' INT
trap 'kill -TERM "$command_pid" 2>/dev/null; exit 143' TERM
wait "$command_pid"
