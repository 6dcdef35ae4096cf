/** The verdict, and beside it what changed in the policies, or what to fix first. */
import type { ComponentChildren } from 'preact';
import type { ChangedLine, Help } from '../report-data.ts';
import type { Actions } from './actions.ts';
import { Icon } from './icons.tsx';
import type { Model } from './model.ts';
import { daysText, timeText } from './periods.ts';
import { Sentence, Text } from './text.tsx';
import { amount } from './words.ts';

interface Props {
  readonly model: Model;
  readonly actions: Actions;
  readonly isPrinting: boolean;
}

export function Hero({ model, actions, isPrinting }: Props): ComponentChildren {
  const { run, report } = model;
  const { command } = report.origin;
  const hasSide = run.policyChange.length > 0 || run.helps.length > 0;
  return (
    <div class={`wrap hero${hasSide ? '' : ' one'}`}>
      <div>
        <p class="over">
          {factsOf(run).map((fact) => (
            <span key={fact}>
              <Text value={fact} />
            </span>
          ))}
          <span>{timeText(report.created)} UTC</span>
        </p>
        <h1>
          <Sentence parts={run.verdict} />
        </h1>
        {run.because.length > 0 && (
          <p class="because">
            <Sentence parts={run.because} />
          </p>
        )}
        {command !== null && (
          <p class="cmd">
            <code>
              <Text value={command} />
            </code>
            <button
              type="button"
              class="icon"
              aria-label="Copy the command"
              title="Copy the command"
              onClick={() => actions.copy(command, 'Command copied')}
            >
              <Icon name="copy" />
            </button>
          </p>
        )}
      </div>
      {run.policyChange.length > 0 && <PolicyChange lines={run.policyChange} isPrinting={isPrinting} />}
      {run.helps.length > 0 && <Helps helps={run.helps} actions={actions} />}
    </div>
  );
}

function factsOf({ kind, policies, totals, timeline }: Model['run']): readonly string[] {
  const { files, objects, distinct, images } = totals;
  const counted =
    kind === 'check'
      ? [amount(files, 'file'), amount(objects, 'workload'), ...(images === null ? [] : [amount(images, 'image')])]
      : [amount(objects, 'review'), ...(distinct === objects ? [] : [`${distinct} distinct`])];
  const days = timeline === null ? [] : [daysText(timeline)];
  return [kind === 'check' ? `Policy: ${policies}` : policies, ...days, ...counted];
}

const LINE_CLASSES: Readonly<Record<ChangedLine[0], string>> = { file: 'f', '+': 'a', '-': 'd', ' ': '' };

interface ChangeProps {
  readonly lines: readonly ChangedLine[];
  readonly isPrinting: boolean;
}

function PolicyChange({ lines, isPrinting }: ChangeProps): ComponentChildren {
  const having = (kind: ChangedLine[0]): number => lines.filter(([each]) => each === kind).length;
  return (
    <details class="card diff" open={isPrinting || !matchMedia('(max-width:700px)').matches}>
      <summary>
        <h2 id="h-diff">The policy change</h2>
        <span class="num">
          <b class="plus">+{having('+')}</b> <b class="minus">−{having('-')}</b>
        </span>
        <Icon name="chevron" size={12} />
      </summary>
      <pre tabIndex={0} role="group" aria-labelledby="h-diff">
        {lines.map(([kind, text], index) => (
          <span key={index} class={LINE_CLASSES[kind]}>
            <Text value={kind === 'file' ? text : `${kind} ${text}`} />
          </span>
        ))}
      </pre>
    </details>
  );
}

function Helps({ helps, actions }: { readonly helps: readonly Help[]; readonly actions: Actions }): ComponentChildren {
  const show = (rule: string): void => {
    actions.select({
      show: 'deny',
      query: '',
      period: undefined,
      wanted: new Map([['rule', new Map([[rule, true]])]]),
    });
    document.getElementById('findings')?.scrollIntoView();
  };
  return (
    <section class="card helps" aria-labelledby="h-helps">
      <h2 id="h-helps">What helps most</h2>
      <ol>
        {helps.map(({ rule, findings, frees }) => (
          <li key={rule}>
            <button type="button" onClick={() => show(rule)}>
              <span>
                Fix <Text value={rule} /> <span class="soft">({amount(findings, 'denial')})</span>
              </span>
              <span class="soft num">{frees > 0 ? `frees ${amount(frees, 'workload')}` : 'only with others'}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
