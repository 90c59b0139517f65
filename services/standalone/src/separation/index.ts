export { chooseUser, type ServerUser } from './choose-user.ts';
export { canGainByExec, dropGroups, preferOthersForOom, renounceNewPrivileges } from './privileges.ts';
export { requireFreePort } from './reach.ts';
export { openDataFolder, sampleFolderOf, settleInto } from './settle.ts';
