import { addLocalAddress } from './add-laddr.js'
import { addServer } from './add-server.js'
import { addService } from './add-service.js'
import { clear } from './clear.js'
import type { Command } from '../command.js'
import { deleteLocalAddress } from './del-laddr.js'
import { deleteServer } from './delete-server.js'
import { deleteService } from './delete-service.js'
import { editServer } from './edit-server.js'
import { editService } from './edit-service.js'
import { getLocalAddresses } from './get-laddr.js'
import { helpCommand } from './help.js'
import { list } from './list.js'
import { restore } from './restore.js'
import { save } from './save.js'
import { set } from './set.js'
import { startDaemon } from './start-daemon.js'
import { stopDaemon } from './stop-daemon.js'
import { version } from './version.js'
import { zero } from './zero.js'

/** A new command goes here. */
export const commands: readonly Command[] = [
  addService,
  editService,
  deleteService,
  clear,
  addServer,
  editServer,
  deleteServer,
  addLocalAddress,
  deleteLocalAddress,
  getLocalAddresses,
  list,
  save,
  restore,
  zero,
  set,
  startDaemon,
  stopDaemon,
  version,
  helpCommand(() => commands),
]
