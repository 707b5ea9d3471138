"""Speed and memory, as ratios against bare baselines of the same run: `python -m infra.bench`."""
