/** `tidewaiter doctor`: checks the configuration and, with a cluster, the installation in it. */
import type { Config, Flags } from '../../config/config.ts';
import { diagnose, type KnownValues } from '../../doctor/check.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import { collect, type CollectOptions, noCluster } from '../../doctor/collect.ts';
import { unknown } from '../../doctor/known.ts';
import { UserError } from '../../error/user-error.ts';
import { doctorExitCode, type DoctorReport, doctorReport } from '../../report/doctor.ts';
import { type FormatName, formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import { openCluster } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { print, type Terminal } from '../terminal.ts';
import { policyLoader } from './installed-values.ts';
import { localValues } from './local-values.ts';
import { testRegistries } from './registry-tests.ts';

export interface DoctorFlags extends Omit<Flags, 'cluster'> {
  readonly cluster?: boolean | undefined;
  readonly namespace?: string | undefined;
  readonly probeNamespace?: string | undefined;
  /** Also tests the registries. */
  readonly registries?: boolean | undefined;
  readonly output: FormatName<'doctor'>;
}

export async function doctor(flags: DoctorFlags, terminal: Terminal, now = Date.now()): Promise<number> {
  const { cluster = false, namespace, probeNamespace, registries = false, output, ...settings } = flags;
  const isSelected = cluster || settings['kubeconfig'] !== undefined || settings['context'] !== undefined;
  const config = await loaded({ ...settings, cluster: isSelected ? 'on' : 'off' }, terminal);
  const report = await examine(config, { namespace, probeNamespace, isSelected, withRegistries: registries, now });
  print(await formatReport('doctor', output, { report, ink: paint(terminal.colors), name: terminal.name }), terminal);
  return doctorExitCode(report);
}

async function loaded(flags: Flags, terminal: Terminal): Promise<Config | UserError> {
  try {
    return (await configured(flags, terminal)).config;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

const NOT_TESTED = unknown('the configuration cannot be loaded');

type ValuesToTest = Omit<KnownValues, 'registries'>;

interface Examination extends Omit<CollectOptions, 'api'> {
  readonly isSelected: boolean;
  readonly withRegistries: boolean;
  readonly now: number;
}

async function examine(
  config: Config | UserError,
  { isSelected, withRegistries, now, ...options }: Examination,
): Promise<DoctorReport> {
  const checks = CHECKS.filter(
    ({ needsCluster, onlyWith }) => (isSelected || !needsCluster) && (withRegistries || onlyWith === undefined),
  );
  const api = config instanceof UserError ? undefined : await openCluster(config);
  const withTests = async (values: ValuesToTest): Promise<KnownValues> => ({
    ...values,
    registries:
      withRegistries && !(config instanceof UserError) ? await testRegistries(config, values.policies) : NOT_TESTED,
  });
  if (api === undefined || config instanceof UserError) {
    const values = { ...(await localValues(config, now)), ...noCluster('the configuration cannot be loaded') };
    return doctorReport({ server: null, namespace: null, probes: [], ...diagnose(checks, await withTests(values)) });
  }
  try {
    const values = {
      ...(await localValues(config, now)),
      ...(await collect({ api, ...options }, policyLoader(config, now))),
    };
    const { namespace, probes } = values;
    return doctorReport({
      server: api.server,
      namespace: namespace.state === 'known' ? namespace.value : null,
      probes: probes.state === 'known' ? probes.value : [],
      ...diagnose(checks, await withTests(values)),
    });
  } finally {
    await api.close();
  }
}
