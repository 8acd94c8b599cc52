"""The templates of the data table, drawn in the browser from plain rows; Vue escapes every value it puts in."""

from __future__ import annotations

HEADER = """
<tr>
  <th v-for="col in props.cols" :key="col.name" scope="col" :style="col.wide"
      :class="[col.css, col.direction ? 'sorted' : '']" :aria-sort="col.direction || undefined">
    <button v-if="col.key" type="button" @click="$parent.$emit('sort', col.key)">
      {{ col.label }}<i :class="'ic ' + (col.direction === 'ascending' ? 'ic-arrow-up' : 'ic-arrow-down')"></i>
    </button>
    <template v-else>{{ col.label }}</template>
  </th>
</tr>
"""

BODY = """
<tr :class="props.row.href || props.row.opens ? 'go' : ''">
  <td v-for="(col, n) in props.cols" :key="col.name" :class="col.css">
    <span v-if="props.row.wait" class="sk" :style="{width: n ? '64px' : '168px'}"></span>
    <template v-else>
      <a v-if="n === 0 && props.row.href" class="rowlink" :href="props.row.href" :aria-label="props.row.label"></a>
      <button v-else-if="n === 0 && props.row.opens" type="button" class="rowlink" :aria-label="props.row.label"
              @click="$parent.$emit('open', props.row.key)"></button>
      <template v-for="c in [props.row.c[col.name] || {k: 'text', t: ''}]">
        <div v-if="c.k === 'person'" class="person">
          <span class="avatar" aria-hidden="true">{{ c.i }}</span>
          <div><span class="n">{{ c.t }}</span><span v-if="c.s" class="s">{{ c.s }}</span></div>
        </div>
        <div v-else-if="c.k === 'chips'" class="chips">
          <span v-for="chip in c.l" :class="'chip ' + chip.tone">
            <span v-if="chip.dot" :class="'dot ' + chip.tone"></span><span class="t">{{ chip.t }}</span></span>
          <span v-if="c.after" class="muted cell t12">{{ c.after }}</span>
        </div>
        <div v-else-if="c.k === 'bar'">
          <div class="bar thin"><div v-for="p in c.l" :class="p.tone" :style="{width: p.w}" :title="p.t"></div></div>
          <span class="twoline num" style="margin-top:4px">{{ c.t }}</span>
        </div>
        <div v-else-if="c.k === 'acts'" class="over line gap-1" style="justify-content:flex-end">
          <button v-for="a in c.l" type="button" class="btn ghost small icon-only" :aria-label="a.t" :title="a.t"
                  @click="$parent.$emit('act', a.n, props.row.key)"><i :class="'ic ic-' + a.icon"></i></button>
        </div>
        <div v-else class="cell" :title="c.title">
          <span :class="c.css">{{ c.t }}</span><span v-if="c.s" class="twoline cell">{{ c.s }}</span>
        </div>
      </template>
    </template>
  </td>
</tr>
"""
