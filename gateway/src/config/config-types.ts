// Writes the type of a configuration from the schema, so that editors show what each setting is.
import type { SchemaNode } from './json-schema.ts';

/** The width of a line with a comment: the formatter indents some of them further. */
const COLUMNS = 98;

/** The source of the type `GatewayConfigInput`. */
export function configTypes(tree: SchemaNode): string {
  return [
    '// The type of a configuration as it may be written. Made of the schema by `npm run schema`: change that.',
    '',
    '/** The configuration of a gateway, as `createGateway` and a file take it. */',
    `export interface GatewayConfigInput ${objectOf(tree, '')}`,
    '',
  ].join('\n');
}

function typeOf(node: SchemaNode, indent: string): string {
  if (node.const !== undefined) return literal(node.const);
  if (node.enum !== undefined) return node.enum.map(literal).join(' | ');
  const branches = node.anyOf ?? node.oneOf;
  if (branches !== undefined)
    return [...new Set(branches.map((branch) => typeOf(branch, indent)))].join(' | ');
  switch (node.type) {
    case 'object':
      return objectOf(node, indent);
    case 'array':
      return arrayOf(node, indent);
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
    case 'boolean':
      return node.type;
    default:
      return 'unknown';
  }
}

function arrayOf({ items, prefixItems }: SchemaNode, indent: string): string {
  if (prefixItems !== undefined)
    return `readonly [${prefixItems.map((item) => typeOf(item, indent)).join(', ')}]`;
  if (typeof items !== 'object') return 'readonly unknown[]';
  const item = typeOf(items, indent);
  const isUnion = (items.enum ?? items.anyOf ?? items.oneOf ?? []).length > 1;
  return isUnion ? `readonly (${item})[]` : `readonly ${item}[]`;
}

function objectOf({ properties, required = [], additionalProperties }: SchemaNode, indent: string): string {
  if (properties === undefined) {
    const value = typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent) : 'unknown';
    return `Readonly<Record<string, ${value}>>`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(properties).flatMap(([name, node]) => {
    const type = typeOf(node, inner);
    const isRequired = required.includes(name);
    const setting = `${inner}${name}${isRequired ? '' : '?'}: ${type}${isRequired ? '' : ' | undefined'};`;
    return [...commentOf(node, inner), setting];
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function commentOf({ description, default: preset }: SchemaNode, indent: string): string[] {
  if (description === undefined) return [];
  const text = description.replaceAll('*/', '*\\/');
  const tag = preset === undefined ? undefined : `@defaultValue \`${JSON.stringify(preset)}\``;
  const line = `${indent}/** ${tag === undefined ? text : `${text} ${tag}`} */`;
  if (line.length <= COLUMNS) return [line];
  const lines = [...wrapped(text, COLUMNS - indent.length - 3), ...(tag === undefined ? [] : [tag])];
  return [`${indent}/**`, ...lines.map((one) => `${indent} * ${one}`), `${indent} */`];
}

function wrapped(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string;
    if (last !== '' && last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
}
