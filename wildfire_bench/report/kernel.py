"""A kernel manager whose kernels do not write warnings of their own between our lines."""

from __future__ import annotations

import subprocess
from typing import Any

from jupyter_client.manager import AsyncKernelManager

__all__ = ["QuietKernelManager"]


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels with standard error closed.

    ipykernel says on each start that loopback TCP is not encrypted. What cells write goes through
    the kernel's own channel and is not affected; an error of a cell is in the executed notebook.
    """

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, stderr=subprocess.DEVNULL, **options)
