/** Macros look like methods, but evaluate their arguments for each element or only when needed. */
import { type Code, fault, type Scope } from './code.ts';
import type { Node } from './parse.ts';

/** A call of a macro, with the compiled receiver. */
export interface MacroCall {
  readonly node: Node;
  readonly name: string;
  readonly receiver: Code;
  /** The text of the receiver. */
  readonly from: string;
  readonly args: readonly Node[];
  readonly scope: Scope;
}

export type Macro = (call: MacroCall) => Code;

export function variableName(node: Node): string {
  if (node.op === 'id') return node.args;
  throw fault(node, 'expected a variable name');
}
