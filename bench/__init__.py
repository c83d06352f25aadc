"""
What the gateway costs: load generators and what they print.  C{python -m bench.estk --help} tells more.
"""
