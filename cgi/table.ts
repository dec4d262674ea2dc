/**
 * The numbers, in the guide's order: the one place where a number stands beside its verb. A number once released is never
 * given to another verb; those of ours begin at 30000.
 */
import { listAccounts } from './access/account-list.ts';
import { removeAccount } from './access/account-remove.ts';
import { setAccount } from './access/account-set.ts';
import { listKeys } from './access/key-list.ts';
import { makeKey } from './access/key-make.ts';
import { revokeKey } from './access/key-revoke.ts';
import { login } from './access/login.ts';
import { logout } from './access/logout.ts';
import { changeOwnPassword } from './access/own-password.ts';
import { endSessions } from './access/session-end.ts';
import { listSessions } from './access/session-list.ts';
import { beginTotp } from './access/totp-begin.ts';
import { confirmTotp } from './access/totp-confirm.ts';
import { removeTotp } from './access/totp-remove.ts';
import { whoAmI } from './access/who-am-i.ts';
import { showAlarms } from './alarm/show.ts';
import { listAmiUsers } from './ami/list.ts';
import { removeAmiUser } from './ami/remove.ts';
import { setAmiUser } from './ami/set.ts';
import { listBackups } from './backup/list.ts';
import { makeBackup } from './backup/make.ts';
import { deleteCalls } from './cdr/delete.ts';
import { downloadCalls } from './cdr/download.ts';
import { callMarks } from './cdr/marks.ts';
import { missedCalls } from './cdr/missed.ts';
import { processCall } from './cdr/processed.ts';
import { queryCalls } from './cdr/query.ts';
import { showCall } from './cdr/show.ts';
import { callTotals } from './cdr/totals.ts';
import { traceCall } from './cdr/trace.ts';
import { installCertificate } from './certificate/install.ts';
import { showCertificate } from './certificate/show.ts';
import { listContacts } from './contact/list.ts';
import { putContacts } from './contact/put.ts';
import { removeContacts } from './contact/remove.ts';
import { listDeletions } from './deletion/list.ts';
import { undoDeletion } from './deletion/undo.ts';
import { setDialectSecret } from './dialect/secret-set.ts';
import { examineBox } from './doctor/examine.ts';
import { queryLive } from './live/calls.ts';
import { pauseRecording } from './live/pause.ts';
import { deleteRecordings } from './recording/delete.ts';
import { downloadRecordings } from './recording/download.ts';
import { keepRecordings } from './recording/keep.ts';
import { listMedia } from './recording/media.ts';
import { queryRecordings } from './recording/query.ts';
import { repairRecordings } from './recording/repair.ts';
import { recordingWaveform } from './recording/waveform.ts';
import { showRetention } from './retention/show.ts';
import { auditLog } from './settings/audit.ts';
import { auditCheck } from './settings/audit-check.ts';
import { changeSettings } from './settings/change.ts';
import { settingsInAsterisk } from './settings/in-asterisk.ts';
import { listSettings } from './settings/list.ts';
import { listSounds } from './settings/sounds.ts';
import { listShares } from './share/list.ts';
import { revokeShare } from './share/revoke.ts';
import { downloadSupport } from './support/download.ts';
import { confirmChange } from './trial/confirm.ts';
import { whichTrunk } from './trunk/which.ts';
import { truthReport } from './truth/report.ts';
import type { Verb } from './verb.ts';
import { listViews } from './view/list.ts';
import { removeView } from './view/remove.ts';
import { setView } from './view/set.ts';
import { lastComplaints } from './vitals/log.ts';
import { showOverview } from './vitals/overview.ts';

export const TABLE: Readonly<Record<number, Verb>> = {
  8401: login,
  8404: login,
  9004: deleteCalls,
  9005: downloadCalls,
  9006: queryCalls,
  20036: downloadRecordings,
  20053: queryRecordings,
  20054: deleteRecordings,
  30001: traceCall,
  30002: callTotals,
  30003: undoDeletion,
  30004: listDeletions,
  30005: logout,
  30006: changeOwnPassword,
  30007: listAccounts,
  30008: setAccount,
  30009: removeAccount,
  30010: listKeys,
  30011: makeKey((number) => (Object.hasOwn(TABLE, number) ? TABLE[number]?.right : undefined)),
  30012: revokeKey,
  30013: listContacts,
  30014: putContacts,
  30015: removeContacts,
  30016: listSettings,
  30017: changeSettings,
  30018: auditLog,
  30019: queryLive,
  30020: pauseRecording,
  30021: listAmiUsers,
  30022: setAmiUser,
  30023: removeAmiUser,
  30024: listMedia,
  30025: keepRecordings,
  30026: showRetention,
  30027: listBackups,
  30028: makeBackup,
  30029: truthReport,
  30030: repairRecordings,
  30031: listSessions,
  30032: endSessions,
  30033: beginTotp,
  30034: confirmTotp,
  30035: removeTotp,
  30036: auditCheck,
  30037: whoAmI,
  30039: missedCalls,
  30040: processCall,
  30038: confirmChange,
  30041: listViews,
  30042: setView((number) => (Object.hasOwn(TABLE, number) ? TABLE[number]?.parameters : undefined)),
  30043: removeView,
  30044: lastComplaints,
  30045: showCertificate,
  30046: installCertificate,
  30047: whichTrunk,
  30048: recordingWaveform,
  30049: listSounds,
  30050: settingsInAsterisk,
  30051: showOverview,
  30052: callMarks,
  30053: showCall,
  30054: examineBox,
  30055: showAlarms,
  30056: downloadSupport,
  30057: setDialectSecret,
  30058: listShares,
  30059: revokeShare,
};
