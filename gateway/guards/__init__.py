"""Who may come in: names of hosts, web pages of other origins."""
