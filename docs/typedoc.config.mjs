import { subpaths } from '../.config/subpaths.mjs';

// The reference: one page for each import name, made of the doc comments. `npm run site` calls this.

export default {
  name: 'Reference',
  plugin: ['typedoc-plugin-markdown'],
  hidePageHeader: true,
  tsconfig: '../tsconfig.build.json',
  entryPoints: subpaths.map(([, source]) => `../${source}`),
  out: 'reference',
  router: 'module',
  groupOrder: ['Functions', 'Variables', 'Interfaces', 'Classes', 'Type Aliases'],
  entryFileName: 'index',
  readme: 'none',
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  hideBreadcrumbs: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  treatValidationWarningsAsErrors: true,
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  // An export without a comment ends the build. Members whose names say all have none (`error`, `method`).
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Variable', 'Enum'],
};
