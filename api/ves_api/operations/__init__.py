"""What a request means: input, output, permission, errors and the call of every operation. Knows no transport."""
