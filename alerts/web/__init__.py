"""The pages: a reader's stop link, health and metrics. Reads rows, changes through `pipeline`."""
