/**
 * The model that comes with the package: 5.5 M parameters that tell short children's stories (models/README.md). The same
 * relative place from src/ (tests) and dist/ (the package).
 */
export const builtInModel = new URL('../../models/stories.gguf', import.meta.url)
