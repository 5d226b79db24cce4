/** Weather: how the day is called, and what can be said of it later. */
export interface Weather {
  readonly name: string
  readonly days: readonly string[]
  readonly lines: readonly string[]
}

const ROWS = `
sunny|sunny;bright;bright and sunny;beautiful|The sun was shining.;The sun shone brightly in the blue sky.;It was a sunny day, and the sky was blue.;The sky was clear and blue.;There was not one cloud in the sky.
warm|warm;lovely;nice, warm|The air was warm.;A warm breeze moved the leaves.;It was warm outside, and the birds were singing.;Bees were humming in the warm air.
windy|windy;breezy|The wind was blowing.;The wind blew hard and made the trees dance.;Leaves were flying everywhere in the wind.;The wind whistled around the house.
rainy|rainy;wet;gray|Rain was falling from the gray sky.;It rained and rained.;Drip, drop, went the rain.;There were puddles everywhere.;Dark clouds filled the sky, and it rained.
snowy|snowy;cold, white;snowy winter|Snow was falling from the sky.;Everything was white with snow.;Big, soft snowflakes danced in the air.;The snow was deep and cold.
cloudy|cloudy;quiet;cool|Gray clouds moved slowly over the sky.;The sky was full of clouds.;It was cool, and clouds hid the sun.
cold|cold;chilly;frosty|The air was cold.;It was so cold that one could see one's breath.;A cold wind blew.;There was frost on the windows.
stormy|stormy;dark|Dark clouds covered the sky.;The wind was howling.;The sky turned black.
foggy|foggy;misty|There was fog everywhere.;The fog was so thick that the trees looked like ghosts.;Everything was gray and quiet in the fog.
`

export const WEATHERS: ReadonlyMap<string, Weather> = new Map(
  ROWS.trim()
    .split('\n')
    .map((row) => {
      const [name, days, lines] = row.split('|')
      return [name, { name, days: days.split(';'), lines: lines.split(';') }]
    }),
)
