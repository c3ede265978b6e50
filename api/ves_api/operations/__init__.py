"""Operations: input, output, permission, errors and call of everything that can be requested, without a transport."""
