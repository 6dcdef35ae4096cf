/**
 * Parses expressions with @marcbachmann/cel-js. Types and evaluation are implemented here, because the library cannot count
 * steps, cannot replace its V8 regular expressions, and compares and formats values differently from the API server.
 */
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { quoteValue } from '../image/quote.ts';
import { plainWords } from './words.ts';

export type Node = ASTNode;

/** A fault in an expression, with its offset in the text. */
export class ExpressionFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'ExpressionFault';
    this.offset = offset;
  }
}

export const MAX_LENGTH = 10_000;
/** Each level uses several stack frames, at load and in each evaluation. */
export const MAX_DEPTH = 100;

const environment = new Environment({
  enableOptionalTypes: true,
  unlistedVariablesAreDyn: true,
  limits: { maxDepth: MAX_DEPTH, maxAstNodes: MAX_LENGTH },
});

/** Throws an ExpressionFault. */
export function parse(text: string): Node {
  if (text.length > MAX_LENGTH) {
    throw new ExpressionFault(`expressions are limited to ${MAX_LENGTH} characters (found ${text.length})`, MAX_LENGTH);
  }
  const node = read(text);
  checkDepth(node);
  return node;
}

const TOO_DEEP = `the expression is nested more than ${MAX_DEPTH} levels deep`;

function read(text: string): Node {
  try {
    return environment.parse(text).ast;
  } catch (error) {
    if (error instanceof ParseError) throw new ExpressionFault(wordsFor(error), error.range?.start ?? 0);
    // Signs in a row (`!!!!…`) recurse past the parser's limits.
    if (error instanceof RangeError) throw new ExpressionFault(TOO_DEEP, 0);
    throw error;
  }
}

/** Chains of `||`, `&&`, and `+` are trees whose depth is the length of the chain. */
function checkDepth(root: Node): void {
  const queue: { readonly node: Node; readonly depth: number }[] = [{ node: root, depth: 1 }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { node, depth } = next;
    if (depth > MAX_DEPTH) throw new ExpressionFault(TOO_DEEP, node.start);
    for (const child of childrenOf(node)) queue.push({ node: child, depth: depth + 1 });
  }
}

export function childrenOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '||':
    case '&&':
      return operands(node);
    default:
      return argumentsOf(node).filter(isNode);
  }
}

function argumentsOf({ args }: Node): readonly unknown[] {
  return Array.isArray(args) ? args : [args];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value;
}

/** `a || b || c` is one operation with three operands. */
export function operands(node: Node): readonly Node[] {
  const found: Node[] = [];
  let left = node;
  while ((left.op === '||' || left.op === '&&') && left.op === node.op) {
    found.push(left.args[1]);
    left = left.args[0];
  }
  found.push(left);
  return found.toReversed();
}

/** Tokens by the names of the parser, as written in expressions. */
const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a string',
  BYTES: 'bytes',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: '"+"',
  MINUS: '"-"',
  MULTIPLY: '"*"',
  DIVIDE: '"/"',
  MODULO: '"%"',
  EQ: '"=="',
  NE: '"!="',
  LT: '"<"',
  LE: '"<="',
  GT: '">"',
  GE: '">="',
  AND: '"&&"',
  OR: '"||"',
  NOT: '"!"',
  IN: '"in"',
  LPAREN: '"("',
  RPAREN: '")"',
  LBRACKET: '"["',
  RBRACKET: '"]"',
  LBRACE: '"{"',
  RBRACE: '"}"',
  DOT: '"."',
  COMMA: '","',
  COLON: '":"',
  QUESTION: '"?"',
};

const token = (name: string | undefined): string => TOKENS[name ?? ''] ?? name ?? 'something else';

function wordsFor(error: ParseError): string {
  const { code, summary } = error;
  const [, expected, found] = /^Expected (\w+), got (\w+)$/.exec(summary) ?? [];
  if (expected !== undefined) return `expected ${token(expected)}, found ${token(found)}`;
  const [, unexpected] = /^Unexpected token: (\w+)$/.exec(summary) ?? [];
  if (unexpected !== undefined) return `expected a value, found ${token(unexpected)}`;
  if (code === 'unexpected_character') return unexpectedCharacter(error);
  if (summary.includes('maxDepth')) return TOO_DEEP;
  const words = plainWords(summary, 200);
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
}

function unexpectedCharacter({ range, node }: ParseError): string {
  const at = node?.input?.slice(range?.start, range?.end) ?? '';
  return `unexpected ${quoteValue(at, 40)}${at === '=' ? '; use "==" to compare' : ''}`;
}
