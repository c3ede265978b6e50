"""What the workers are told by their environment, a module for each part."""
