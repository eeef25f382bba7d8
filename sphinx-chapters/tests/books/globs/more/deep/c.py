# %% [markdown]
# # more/deep/c

# %%
print("executed")
