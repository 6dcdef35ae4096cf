/** The page: the verdict, what was found, and the findings. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ReportView } from '../pack.ts';
import type { Actions } from './actions.ts';
import { useAddress } from './address.ts';
import { Agreement } from './agreement.tsx';
import { applyTheme, copyText, otherTheme, store, stored, storedTheme } from './browser.ts';
import { Facets } from './facets.tsx';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { Hero } from './hero.tsx';
import { isTyping } from './keys.ts';
import { type Matches, matchesOf } from './match.ts';
import type { Model } from './model.ts';
import { Remarks } from './remarks.tsx';
import { sortedFindings } from './orders.ts';
import { groupsOf, type TableRows, tableRows } from './rows.ts';
import { hashOf, isFiltered, type State, withWanted } from './state.ts';
import { FindingTable, TABLE_ID } from './table.tsx';
import { rowButton } from './table-keys.ts';
import { Tiles } from './tiles.tsx';
import { Timeline } from './timeline.tsx';
import { SEARCH_ID, Toolbar } from './toolbar.tsx';
import { isVirtual, MAX_PRINTED } from './virtual.ts';
import { amount, number } from './words.ts';

interface Props {
  readonly report: ReportView;
  readonly isPrinting: boolean;
}

export function App({ report, isPrinting }: Props): ComponentChildren {
  const { model, state, select, selectRun } = useAddress(report);
  const [theme, setTheme] = useState(storedTheme);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [hasKeys, setKeys] = useState(stored('keys') !== 'off');
  const [toast, setToast] = useToast();
  const actions = actionsOf({ model, state, select, setToast });
  const onTheme = (): void => setTheme((before) => otherTheme(before));
  const onHelp = (): void => setHelpOpen(true);
  const onKeys = (isOn: boolean): void => {
    store('keys', isOn ? 'on' : 'off');
    setKeys(isOn);
  };
  useEffect(() => applyTheme(theme), [theme]);
  usePageKeys({ hasKeys, state, actions, onTheme, onHelp });
  return (
    <>
      <a class="skip" href={`#${MAIN_ID}`} onClick={toFindings}>
        Skip to the findings
      </a>
      <Header
        runs={report.runs.map(({ head }) => head)}
        shown={model.run.id}
        onRun={selectRun}
        {...{ theme, onTheme, onHelp }}
      />
      <Content key={model.run.id} {...{ model, state, actions, hasKeys, isPrinting }} />
      <Help {...{ isOpen: isHelpOpen, hasKeys, onKeys }} onClose={() => setHelpOpen(false)} />
      <div id="toast" role="status" hidden={toast === ''}>
        {toast}
      </div>
    </>
  );
}

function Content(props: FindingsProps): ComponentChildren {
  const { model, actions, isPrinting } = props;
  const { errors, notices } = model.run;
  return (
    <main id={MAIN_ID} tabIndex={-1}>
      <Hero {...{ model, actions, isPrinting }} />
      <div class="wrap">
        <Remarks title={`${amount(errors.length, 'input')} could not be evaluated`} remarks={errors} isError />
        <Agreement agreement={model.run.agreement} isPrinting={isPrinting} />
        {model.size > 0 ? (
          <Findings {...props} />
        ) : (
          <p class="card empty">
            <b>No findings</b>
          </p>
        )}
        <Remarks title={amount(notices.length, 'notice')} remarks={notices} />
        <footer>
          <span>{model.report.tool}</span>
          <span>This page loads and sends nothing.</span>
        </footer>
      </div>
    </main>
  );
}

const MAIN_ID = 'main';

/** The address keeps the filters, so a link within the page must not change it. */
function toFindings(event: Event): void {
  event.preventDefault();
  document.getElementById(document.getElementById(TABLE_ID) === null ? MAIN_ID : TABLE_ID)?.focus();
}

interface FindingsProps {
  readonly model: Model;
  readonly isPrinting: boolean;
  readonly state: State;
  readonly actions: Actions;
  readonly hasKeys: boolean;
}

function Findings({ model, state, actions, hasKeys, isPrinting }: FindingsProps): ComponentChildren {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const { matches, rows } = useRows(model, state, closed);
  const common = { model, state, matches, actions };
  const onGroup = (id: string): void => setClosed((before) => before.symmetricDifference(new Set([id])));
  return (
    <>
      <Tiles {...common} />
      <Timeline {...common} isPrinting={isPrinting} />
      <Facets {...common} />
      <section aria-labelledby="findings">
        <Toolbar {...{ model, state, actions }} shown={matches.count} />
        {rows.length > 0 ? (
          <FindingTable {...{ model, state, rows, closed, hasKeys, isPrinting, actions, onGroup }} />
        ) : (
          <p class="card empty">
            <b>No finding matches these filters</b>
            <button type="button" onClick={() => actions.select({ ...CLEARED, show: '' })}>
              Show all findings
            </button>
          </p>
        )}
        <Note {...{ model, state, isPrinting }} rows={rows.length} />
      </section>
      <Announced text={`${amount(matches.count, 'finding')} shown`} />
    </>
  );
}

const CLEARED = { query: '', period: undefined, wanted: new Map() } as const;

function useRows(
  model: Model,
  state: State,
  closed: ReadonlySet<string>,
): { readonly matches: Matches; readonly rows: TableRows } {
  const { show, query, wanted, sort, descending, group, open } = state;
  const period = model.periods.find(({ id }) => id === state.period);
  const matches = useMemo(() => matchesOf(model, state), [model, show, query, wanted, period]);
  const findings = useMemo(
    () => sortedFindings(model, matches.shown, { sort, descending, period }),
    [matches, sort, descending],
  );
  const groups = useMemo(
    () => (group === '' ? undefined : groupsOf(model, findings, { group, weights: model.weights(period) })),
    [findings, group],
  );
  const rows = useMemo(() => tableRows(model, { groups, findings, open, closed }), [groups, findings, open, closed]);
  return { matches, rows };
}

interface NoteProps extends Pick<FindingsProps, 'model' | 'isPrinting'> {
  readonly state: State;
  readonly rows: number;
}

/** What the reader would otherwise miss. */
function Note({ model, state, rows, isPrinting }: NoteProps): ComponentChildren {
  const notes: string[] = [];
  if (isPrinting && rows > MAX_PRINTED)
    notes.push(`The first ${MAX_PRINTED} of ${number(rows)} rows are printed. For the others, filter, or use -o json.`);
  if (isVirtual(rows) && !isPrinting)
    notes.push("Only the rows on the screen are in the page: search with / instead of the browser's find.");
  if (model.weighs && !isFiltered(state) && (state.show === '' || state.show === 'same'))
    notes.push('Reviews without findings and changes are counted, and are not listed.');
  return notes.length === 0 ? null : <p class="note">{notes.join(' ')}</p>;
}

/** Typing would announce every letter. */
const ANNOUNCE_MS = 400;

function Announced({ text }: { readonly text: string }): ComponentChildren {
  const [said, say] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => say(text), ANNOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="sr" role="status">
      {said}
    </div>
  );
}

const TOAST_MS = 1600;

function useToast(): readonly [string, (text: string) => void] {
  const [text, setText] = useState('');
  const timer = useRef(0);
  return [
    text,
    (next) => {
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => setText(''), TOAST_MS);
      setText(next);
    },
  ];
}

interface ActionInput {
  readonly model: Model;
  readonly state: State;
  readonly select: Actions['select'];
  readonly setToast: (text: string) => void;
}

function actionsOf({ model, state, select, setToast }: ActionInput): Actions {
  return {
    select,
    filter: (key, value, how) => select({ wanted: withWanted(state.wanted, key, value, how) }),
    clear: () => select(CLEARED),
    copy: (text, done) =>
      void copyText(text).then((isDone) => setToast(isDone ? done : 'The browser does not let this page copy')),
    linkTo: (finding) => `${location.href.replace(/#.*$/s, '')}${hashOf({ ...state, open: finding }, model)}`,
  };
}

interface KeyInput {
  readonly hasKeys: boolean;
  readonly state: State;
  readonly actions: Actions;
  readonly onTheme: () => void;
  readonly onHelp: () => void;
}

function usePageKeys(input: KeyInput): void {
  const latest = useRef(input);
  latest.current = input;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { hasKeys, state, actions, onTheme, onHelp } = latest.current;
      if (isTyping(event)) return;
      if (event.key === 'Escape' && state.open !== undefined) {
        actions.select({ open: undefined }, false);
        rowButton(document.getElementById(TABLE_ID), state.open)?.focus();
      }
      const commands: Readonly<Record<string, () => void>> = {
        '/': toSearch,
        '?': onHelp,
        t: onTheme,
        p: () => print(),
      };
      const command = hasKeys ? commands[event.key] : undefined;
      if (command === undefined) return;
      event.preventDefault();
      command();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function toSearch(): void {
  const field = document.getElementById(SEARCH_ID);
  if (!(field instanceof HTMLInputElement)) return;
  field.focus();
  field.select();
}
