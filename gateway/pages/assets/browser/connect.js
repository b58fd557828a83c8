// Lines to paste, for a bucket, a folder or an object. Those for the whole gateway stand in the page itself.

import {element} from "./dom.js";
import {copyable} from "./parts.js";
import {nameOf} from "./places.js";
import {urlOf} from "./requests.js";

// As a shell takes it, whatever is in it.
function shell(text) {
  return /^[\w./:@%=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function linesFor({bucket, key, kind}, app) {
  const keys = app.can.keys ? ["ACCESS_KEY", "SECRET_KEY"] : ["any", "anything"];
  const where = {bucket, key, endpoint: location.origin, keys, isSigned: app.can.keys};
  const lines = kind === "object" ? forObject(where) : forFolder(where);
  const sections = Object.entries(lines).map(([client, text]) => element("section", {}, element("h2", {}, client), copyable(text, `Lines for ${client}`)));
  const about = app.can.keys ? "Put your own pair of keys in." : "Any pair of keys will do: signatures are not checked.";
  return element("div", {class: "lines"}, element("p", {}, about), sections);
}

const awscli = ({endpoint, keys: [id, secret], isSigned}) =>
  isSigned ? [`export AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret}\n`, `aws --endpoint-url ${endpoint}`] : ["", `aws --endpoint-url ${endpoint} --no-sign-request`];

const boto3 = ({endpoint, keys: [id, secret]}) =>
  `import boto3\n\ns3 = boto3.client("s3", endpoint_url="${endpoint}", region_name="us-east-1",\n                  aws_access_key_id="${id}", aws_secret_access_key="${secret}")`;

const rclone = ({endpoint, keys: [id, secret]}, path) =>
  shell(`:s3,provider=Other,env_auth=false,access_key_id=${id},secret_access_key=${secret},endpoint="${endpoint}":${path}`);

const mcAlias = ({endpoint, keys: [id, secret]}) => `mc alias set pfs ${endpoint} ${id} ${secret}`;

const curlAuth = ({keys: [id, secret], isSigned}) => (isSigned ? ` --aws-sigv4 aws:amz:us-east-1:s3 --user ${id}:${secret}` : "");

function forObject(where) {
  const {bucket, key} = where;
  const file = shell(nameOf(key));
  const read = `s3.download_file(${JSON.stringify(bucket)}, ${JSON.stringify(key)}, ${JSON.stringify(nameOf(key))})`;
  return {
    "aws cli": `${awscli(where).join("")} s3 cp ${shell(`s3://${bucket}/${key}`)} ${file}`,
    boto3: `${boto3(where)}\n${read}`,
    curl: `curl${curlAuth(where)} -o ${file} ${shell(urlOf(where))}`,
    rclone: `rclone copyto ${rclone(where, `${bucket}/${key}`)} ${file}`,
    mc: `${mcAlias(where)}\nmc cp ${shell(`pfs/${bucket}/${key}`)} ${file}`,
  };
}

// Nothing here removes what is there: no line that mirrors a folder.
function forFolder(where) {
  const {bucket, key, endpoint, keys: [id, secret]} = where;
  const uri = shell(`s3://${bucket}/${key}`);
  const list = `for page in s3.get_paginator("list_objects_v2").paginate(Bucket=${JSON.stringify(bucket)}, Prefix=${JSON.stringify(key)}):\n    for found in page.get("Contents", []):\n        print(found["Key"], found["Size"])`;
  const pyarrow = `from pyarrow import fs\n\ns3 = fs.S3FileSystem(endpoint_override="${endpoint}", access_key="${id}", secret_key="${secret}")\nprint(s3.get_file_info(fs.FileSelector(${JSON.stringify(`${bucket}/${key}`)})))`;
  const [prelude, aws] = awscli(where);
  return {
    "aws cli": `${prelude}${aws} s3 ls ${uri}\n${aws} s3 cp FILE ${uri}`,
    boto3: `${boto3(where)}\n${list}`,
    curl: `curl${curlAuth(where)} -T FILE ${shell(urlOf({bucket, key}))}`,
    rclone: `rclone copy FOLDER ${rclone(where, `${bucket}/${key}`)}`,
    mc: `${mcAlias(where)}\nmc ls ${shell(`pfs/${bucket}/${key}`)}`,
    pyarrow,
  };
}
