export { chooseLanguages } from './choose-languages.ts';
export { installedLanguages } from './installed-languages.ts';
export { LanguageDefinitionError, type LanguageProblem } from './language-definition-error.ts';
export { loadLanguages, type LoadLanguagesOptions } from './load-languages.ts';
export { rootRecipeOf, type LanguagesRootRecipe } from './root-recipe.ts';
