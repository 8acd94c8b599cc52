// A campaign the way it is usually built on Node: one Bull job and one insert for each recipient.
//
//   node bull.js REDIS_SOCKET MONGODB_URL PEOPLE PROCESSES MODULES SERVER_PIDS [FILLED]
//
// The clock runs from the first job added, with the workers up and waiting, as a campaign's runs from its launch with
// its audience still to be frozen; with FILLED the queue is full before. No progress is reported, and nothing is kept of
// a job that is done. Prints {"seconds", "inserted", "cpu"}: seconds of CPU of all its processes and of the servers
// whose pids are given, separated by commas.
'use strict'

const cluster = require('cluster')
const fs = require('fs')
const path = require('path')
const [socket, mongodb, people, processes, modules, servers, filled] = process.argv.slice(2)
const load = (name) => require(path.join(modules, 'node_modules', name))
const Queue = load('bull')
const { MongoClient } = load('mongodb')

const CONCURRENCY = 100
const redis = { path: socket, maxRetriesPerRequest: null, enableReadyCheck: false }
const body = 'x'.repeat(2600)
const open = () => new Queue('campaign', { redis, prefix: 'bull-bench' })

// proc(5): user and system time in hundredths of a second.
const cpu = (pids) => pids.reduce((sum, pid) => {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return sum + (Number(fields[11]) + Number(fields[12])) / 100
}, 0)

async function collection() {
  const client = new MongoClient(mongodb, { maxPoolSize: CONCURRENCY })
  await client.connect()
  return client.db().collection('bull_deliveries')
}

async function worker() {
  const deliveries = await collection()
  const queue = open()
  process.on('message', () => {
    queue.process(CONCURRENCY, async (job) => {
      const { number, name } = job.data
      const html = `<p>Dear ${name},</p>${body}`
      await deliveries.insertOne({
        _id: `campaign:${number}`, campaign_id: 1, customer_id: number, state: 'sent', channel: 'email',
        address: `p${number}@example.com`, name, size: html.length, attempts: 1,
        created_at: new Date(), updated_at: new Date(), sent_at: new Date(),
      })
    })
  })
  process.send('ready')
}

async function main() {
  const deliveries = await collection()
  await deliveries.drop().catch(() => {})
  await deliveries.createIndex({ campaign_id: 1, state: 1, updated_at: -1, _id: 1 })
  await deliveries.createIndex({ customer_id: 1, updated_at: -1 })
  await deliveries.createIndex({ updated_at: -1, _id: -1 })
  const queue = open()
  await queue.obliterate({ force: true }).catch(() => {})
  if (filled) await fill(queue)
  const workers = []
  for (let n = 0; n < processes; n++) {
    const child = cluster.fork()
    await new Promise((resolve) => child.once('message', resolve))
    workers.push(child)
  }
  const pids = [...servers.split(','), process.pid, ...workers.map((child) => child.process.pid)]
  const before = cpu(pids)
  const started = process.hrtime.bigint()
  for (const child of workers) child.send('go')
  if (!filled) await fill(queue)
  while ((await deliveries.estimatedDocumentCount()) < people) await new Promise((resolve) => setTimeout(resolve, 50))
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const used = cpu(pids) - before
  console.log(JSON.stringify({ seconds, inserted: await deliveries.countDocuments(), cpu: used }))
  for (const child of workers) child.kill('SIGKILL')
  await deliveries.drop()
  await queue.obliterate({ force: true })
  process.exit(0)
}

async function fill(queue) {
  for (let start = 0; start < people; start += 1000) {
    const jobs = []
    for (let number = start; number < Math.min(start + 1000, people); number++) {
      jobs.push({ data: { number, name: `Ann${number}` }, opts: { removeOnComplete: true } })
    }
    await queue.addBulk(jobs)
  }
}

if (cluster.isPrimary) main()
else worker()
