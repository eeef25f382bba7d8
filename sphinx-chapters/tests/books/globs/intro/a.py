# %% [markdown]
# # intro/a

# %%
print("executed")
