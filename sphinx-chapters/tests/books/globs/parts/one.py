# %% [markdown]
# # parts/one

# %%
print("executed")
