"""The other process: torch and MONAI, a warm model cache, one file per task. Never imports `slicer`."""
