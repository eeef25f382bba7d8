# %% [markdown]
# # One page

# %%
from pathlib import Path

# %% tags=["parameters"]
size = 2
place = "result.txt"  # absolute in an edition that writes where it must not

# %%
Path(place).write_text(str(size))
print("one page", size)
