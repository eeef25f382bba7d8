# %%
raise RuntimeError("this chapter is excluded")
