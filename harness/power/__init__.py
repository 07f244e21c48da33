"""What backprove is worth: how many mistakes it catches, how often it cries wolf, what it costs; beside its peers."""
