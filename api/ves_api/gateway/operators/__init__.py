"""What an operator calls beyond the everyday: statements by area and the typed functions that send them."""
