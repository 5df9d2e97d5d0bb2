"""What `make` and `bin/odoo` run: the machine's setup, demo, tests and checks.

Everything up to the virtual environment is standard library only, so that any
Python >= 3.10 can start it. What needs the environment runs inside it: see
:mod:`kvitt_dev.__main__`.
"""
