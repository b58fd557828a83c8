"""What is seen of requests: records, metrics, log lines, traces."""
