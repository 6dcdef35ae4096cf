import { day } from '../../certificate/certificate.ts';
import { defineCheck } from '../check.ts';
import { isExpiring } from '../expiry.ts';

export const configuration = defineCheck({
  id: 'configuration',
  title: 'the configuration',
  why: 'serve does not start with an invalid configuration.',
  needsCluster: false,
  needs: ['configuration'],
  find: ({ configuration: { problem } }) =>
    problem === undefined
      ? []
      : [{ subject: 'configuration', message: problem, remedy: 'tidewaiter serve --print-config' }],
});

export const serverConfiguration = defineCheck({
  id: 'server-configuration',
  title: 'the configuration of the server',
  why: 'A server does not start with an invalid configuration, so its Deployment cannot replace a Pod.',
  needs: ['serverConfiguration', 'namespace'],
  find: ({ serverConfiguration: { source = '', faults }, namespace }) =>
    faults.map((message) => ({
      subject: source,
      message,
      remedy: `kubectl edit configmap -n ${namespace} ${source.split('/').at(-1) ?? ''}; docs/configuration.md lists the keys`,
    })),
});

export const policies = defineCheck({
  id: 'policies',
  title: 'the policies',
  why: 'serve does not start with an invalid policy, and keeps the last valid policies after a change.',
  needsCluster: false,
  needs: ['policyFiles'],
  find: ({ policyFiles: { problem } }) =>
    problem === undefined
      ? []
      : [{ subject: 'policies', message: problem, remedy: 'tidewaiter schema policy prints the allowed keys' }],
});

export const policyNotices = defineCheck({
  id: 'policy-notices',
  title: 'whether each policy and exception can have an effect',
  why: 'A policy that never applies denies nothing, although its author expects it.',
  needsCluster: false,
  needs: ['policies'],
  find: ({ policies: { notices } }) =>
    notices.map(({ place, message }) => ({ subject: place, message, remedy: 'correct the document, or remove it' })),
});

export const certificateFiles = defineCheck({
  id: 'certificate-files',
  title: 'the certificate files of the configuration',
  why: 'With an invalid certificate, the API server cannot verify the server, and no review takes place.',
  needsCluster: false,
  needs: ['certificateFiles', 'now'],
  find: ({ certificateFiles: files, now }) =>
    files.flatMap(({ file, problem, certificate }) => {
      if (problem !== undefined) return [{ subject: file, message: problem, remedy: 'see certs/README.md' }];
      if (certificate === undefined || !isExpiring(certificate, now)) return [];
      const message = `the certificate expires on ${day(certificate.validToDate)}`;
      return [{ subject: file, message, remedy: 'renew it; see certs/README.md' }];
    }),
});
