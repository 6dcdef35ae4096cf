/** What is shown, which the address keeps: the run, and what the reader has selected in it. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ReportView } from '../pack.ts';
import type { Actions } from './actions.ts';
import { type Model, modelOf } from './model.ts';
import { hashOf, initialState, readHash, runIn, type State } from './state.ts';

interface Shown {
  readonly model: Model;
  readonly state: State;
}

export interface Address extends Shown {
  readonly select: Actions['select'];
  readonly selectRun: (id: string) => void;
}

export function useAddress(report: ReportView): Address {
  const modelOfRun = useMemo(() => createModels(report), [report]);
  const read = (): Shown => {
    const model = modelOfRun(runIn(location.hash));
    return { model, state: readHash(location.hash, model) };
  };
  const [shown, show] = useState(read);
  useEffect(() => {
    const update = (): void => show(read());
    addEventListener('hashchange', update);
    addEventListener('popstate', update);
    return () => {
      removeEventListener('hashchange', update);
      removeEventListener('popstate', update);
    };
  }, []);
  const go = (next: Shown, isStep: boolean): void => {
    writeAddress(hashOf(next.state, next.model), isStep);
    show(next);
  };
  return {
    ...shown,
    select: (change, isStep = true) => go({ ...shown, state: { ...shown.state, ...change } }, isStep),
    selectRun(id) {
      const model = modelOfRun(id);
      go({ model, state: initialState(model) }, true);
      scrollTo({ top: 0 });
    },
  };
}

/** A run that nobody looks at costs nothing. An unknown id is the first run. */
function createModels(report: ReportView): (id: string | null) => Model {
  const models = new Map<number, Model>();
  return (id) => {
    const at = Math.max(
      0,
      report.runs.findIndex(({ head }) => head.id === id),
    );
    const run = report.runs[at];
    if (run === undefined) throw new RangeError('the report has no run');
    const model = models.get(at) ?? modelOf(report, run);
    models.set(at, model);
    return model;
  };
}

function writeAddress(hash: string, isStep: boolean): void {
  if (hash === (location.hash || '#')) return;
  try {
    if (isStep) history.pushState(null, '', hash);
    else history.replaceState(null, '', hash);
  } catch {
    // Some sandboxes have no history; the selection works without.
  }
}
