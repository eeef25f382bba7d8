# %% [markdown]
# # parts/two

# %%
print("executed")
