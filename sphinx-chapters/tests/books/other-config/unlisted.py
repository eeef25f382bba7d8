# %%
raise RuntimeError("no table of contents lists this chapter")
