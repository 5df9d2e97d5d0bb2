from hypothesis import strategies as st

said = st.floats(0, 1, allow_nan=False)
pairs = st.lists(st.tuples(said, st.booleans()), min_size=1, max_size=200)
