// An object becomes a file. The browser does it itself where no signature is needed; a signed download goes through the page.

import {button, element, icon} from "./dom.js";
import {nameOf} from "./places.js";
import {urlOf} from "./requests.js";

export function download(app, {bucket, key, version, size}) {
  if (app.session.accessKey === null) {
    const href = urlOf({bucket, key, query: {versionId: version}});
    return element("a", {class: "button primary", href, download: nameOf(key)}, icon("download"), "Download");
  }
  const run = (job) => fetchFile(app.s3, {bucket, key, version}, job);
  const start = () => app.transfers.add([{label: nameOf(key), total: size, run}]);
  return button("Download", {kind: "primary", iconName: "download", click: start});
}

async function fetchFile(s3, {bucket, key, version}, job) {
  const answer = await s3.get(bucket, key, {versionId: version, signal: job.signal});
  let received = 0;
  const counting = new TransformStream({
    transform(chunk, controller) {
      received += chunk.length;
      job.progress(received);
      controller.enqueue(chunk);
    },
  });
  // Browsers keep a large blob on the disk.
  save(await new Response(answer.body.pipeThrough(counting)).blob(), nameOf(key));
}

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  element("a", {href, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}
