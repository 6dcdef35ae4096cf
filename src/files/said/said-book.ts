/** Finds what other policies said about an object. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import type { Said, SaidResult } from '../../recording/said.ts';
import { type Statement, statementsIn, type SubjectName } from './report-objects.ts';

export interface SaidBook {
  /** Returns false if the object is not a report. */
  add(object: JsonObject): boolean;
  /** `uid`: of the object, if it is known. */
  about(object: JsonObject, namespace: string | undefined, uid: string | undefined): readonly Said[];
  /** Statements that did not fit into the memory. */
  left(): number;
}

/** A cluster with 10,000 objects and 40 rules has 400,000 results. */
const MAX_STATEMENTS = 500_000;
/** Of one object: those that decide come first, because without them it would look allowed, or as if nothing had decided. */
const MAX_SAID = 50;
const ORDER: readonly SaidResult[] = ['fail', 'warn', 'pass', 'error', 'skip'];

export function createSaidBook(max = MAX_STATEMENTS): SaidBook {
  const byName = new Map<string, Statement[]>();
  /** Reports repeat few texts. */
  const same = new Map<string, Said>();
  let size = 0;
  let left = 0;
  const keep = ({ about, said }: Statement): void => {
    if (size >= max) {
      left += 1;
      return;
    }
    size += 1;
    const text = JSON.stringify(said);
    const shared = same.get(text) ?? said;
    same.set(text, shared);
    const key = keyOf(about);
    const known = byName.get(key);
    if (known === undefined) byName.set(key, [{ about, said: shared }]);
    else known.push({ about, said: shared });
  };
  return {
    add(object) {
      const statements = statementsIn(object);
      statements?.forEach(keep);
      return statements !== undefined;
    },
    about(object, namespace = '', uid) {
      const { group, kind } = typeOf(object);
      const { metadata } = object;
      const name = isObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
      const found = byName.get(keyOf({ kind, namespace, name })) ?? [];
      const own = found.filter(({ about }) => isAlike(about.group, group) && isAlike(about.uid, uid));
      return own.length <= MAX_SAID ? own.map(({ said }) => said) : mostDecisive(own);
    },
    left: () => left,
  };
}

function mostDecisive(statements: readonly Statement[]): readonly Said[] {
  const all = statements.map(({ said }) => said);
  return ORDER.flatMap((result) => all.filter((said) => said.result === result)).slice(0, MAX_SAID);
}

function keyOf({ kind, namespace, name }: Pick<SubjectName, 'kind' | 'namespace' | 'name'>): string {
  return JSON.stringify([kind, namespace, name]);
}

function isAlike(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}
