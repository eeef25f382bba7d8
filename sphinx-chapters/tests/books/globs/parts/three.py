# %% [markdown]
# # parts/three

# %%
print("executed")
