// Where files to upload come from: a dialogue of the browser, or something that was dropped. Each has its path below what was chosen.

export function chosenFiles(files) {
  return [...files].map((file) => ({path: file.webkitRelativePath || file.name, file}));
}

// What was dropped can be looked at during the event only; the folders in it, later.
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return chosenFiles(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry, above, found) {
  const path = above + entry.name;
  if (entry.isFile) {
    found.push({path, file: await new Promise((resolve, reject) => entry.file(resolve, reject))});
    return;
  }
  const reader = entry.createReader();
  // A reader gives a hundred at a time, and nothing at the end.
  for (let some = [null]; some.length > 0; ) {
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    for (const one of some) await walk(one, `${path}/`, found);
  }
}
