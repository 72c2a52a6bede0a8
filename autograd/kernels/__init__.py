"""Array code without any automatic differentiation."""
