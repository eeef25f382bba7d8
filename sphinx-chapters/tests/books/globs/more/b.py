# %% [markdown]
# # more/b

# %%
print("executed")
