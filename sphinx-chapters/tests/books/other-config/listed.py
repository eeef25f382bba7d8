# %% [markdown]
# # Listed

# %% tags=["parameters"]
size = 2

# %%
print("listed", size)
