"""What a network is: nodes, their order, shapes and dtypes, JSON, and the plan that an executor runs."""
