import { maybe, type Plot, SKY } from '../plot.js'

export const wish: Plot = {
  name: 'wish',
  traits: 'curious|poor|kind|dreamy|young',
  cast: { magic: 'wild', friend: 'friend|parent' },
  place: 'out wild|water out wild',
  rows: {
    wish: [
      'to be as big as a house / [hero] was as big as a house / [hero.he] could not get through any door / big',
      'to be able to fly / [hero] could fly / [hero.he] did not know how to come down again / able to fly',
      'to have all the candy in the world / there was candy everywhere / [hero.he] had a terrible tummy ache / full of candy',
      'to be invisible / nobody could see [hero] / nobody played with [hero] anymore, because nobody saw [hero.him] / invisible',
      'that it would never rain again / there was not one drop of rain / all the flowers hung their heads / sad about the dry flowers',
      'to talk with all the animals / [hero] could understand every animal / all of them talked at once, day and night / tired of the noise',
      'that every day would be a birthday / every day was a birthday / nobody was happy about presents anymore / tired of presents',
      'to be the strongest of all / [hero] was stronger than ten bears / every cup and every door broke / too strong',
      'to have a mountain of gold / [hero] had a mountain of gold / there was no room to play anymore / rich but alone',
      'to never have to sleep / [hero] was awake day and night / [hero.he] was alone while all the others slept / awake all night',
      'to be very small / [hero] was as small as a bean / a beetle looked like a monster / small',
    ],
  },
  want: 'wish',
  beats: [
    `- [Day], [hero] was [place.in] and saw [magic] that was caught under a stone. [Hero] lifted the stone and
       set it free.
     - [Day], [hero] met [magic] [place.in]. It was hungry, and [hero] gave it [hero.his] bread.
     - [Day], [hero] helped [magic] out of the water [place.in].
     - [Day], [hero] heard a thin voice [place.in]. "Please help me," it said. It was [magic], caught in a
       thorn bush. [Hero] helped it out.`,
    `- "I am no common animal," said [magic]. "I can do magic. You have one wish."
     - Then [magic] began to speak! "You were kind to me," it said. "So you may make a wish."
     - "Thank you," said [magic]. [Hero] was $surprised. It could talk! "Tell me your wish, and it will come
       true."
     - $atonce, [magic] shone like gold. "What do you wish for?" it asked.`,
    `- [Hero] did not think for long. [Hero.He] wished [wish].
     - "I know it already!" cried [hero]. And [hero.he] wished [wish].
     - [Hero] closed [hero.his] eyes and wished [wish].
     - [Hero.His] heart beat fast. Then [hero.he] wished [wish].`,
    `- Puff! And so it was: [wish.b].
     - [Magic] turned around three times, and it was done: [wish.b].
     - There was a flash of light. It had come true: [wish.b].
     - "So be it," said [magic]. And it was true: [wish.b].`,
    `- At first it was wonderful. [Hero] laughed and danced.
     - What a joy that was! [Hero] could hardly believe it.
     - For one day, [hero] was the happiest of all.
     - "This is the best thing ever!" cried [hero].`,
    `- But soon there was trouble: [wish.c].
     - But after a while it was not so nice anymore: [wish.c].
     - Then [hero] saw that it was not a good wish: [wish.c].
     - But a wish can be a burden: [wish.c].`,
    `- "I want everything to be as it was before," said [hero] to [friend] with tears in [hero.own] eyes.
       "Then go and ask," said [friend].
     - [Hero] ran back [place.to] and called and called. At last [magic] came out. "Please take the wish
       back," said [hero].
     - [Hero] told [friend] everything. "You were fine as you were," said [friend]. So they went to look for
       [magic] together.
     - In the evening, [hero] found [magic] [place.in] again. "I do not want my wish anymore," [hero.he]
       said.`,
    `- [Magic] smiled. "Now you know what you really need," it said. And everything was as before.
     - "That is a wise wish," said [magic]. Puff! The magic was gone.
     - [Magic] nodded. In the next moment, all was as it had been.
     - "I thought so," said [magic], and with one wink it took the wish back.`,
    maybe(
      0.6,
      `- [Hero] ran home and hugged everyone.
     - [Friend] was glad to have [hero] back.
     - Never before had an ordinary day been so beautiful.
     - And [magic]? It still lives there, and sometimes it winks at [hero].`,
    ),
  ],
  moral:
    'one should be careful what one wishes for|it is good to be the way one is|the best things are already there|too much of a good thing is not good',
  feelings: 'happy|thankful|wise|content',
  questions: `
    What did [hero.full] wish? = [Hero.full] wished [wish].
    Who could do magic? = [Magic.full] could do magic.
    Where did [hero.full] meet [magic.full]? = [Hero.full] met [magic.full] [place.in].`,
}

export const boat: Plot = {
  name: 'boat',
  cast: { friend: 'friend|older|younger', helper: 'old' },
  things: { thing: 'water own' },
  place: 'water wild out|water walk out play',
  weather: 'sunny|warm|windy',
  lets: {
    far: 'a small island|the reeds|a sandbank|an old tree trunk in the water|a big rock in the middle|some water lilies',
    tool: 'a long stick|a rowing boat|a fishing net|a long rope with a hook|a rake|a big branch',
    crew: 'a beetle|an ant|a nut with a painted face|a little wooden man|a pine cone|a ladybug|a paper sailor',
  },
  want: 'thing',
  beats: [
    `- [Day], [hero] took [hero.his] [thing.full] [place.to]. [Friend] came along.
     - [Day], [hero] wanted to see if [hero.his] [thing.full] could swim. With [friend], [hero.he] went
       [place.to].
     - [Day], [hero] and [friend] were [place.in] with [thing.a].
     - [Day], [friend] gave [hero] [thing.a]. At once they ran [place.to].`,
    SKY,
    `- They put [crew] on it. "All aboard!" cried [friend].
     - The captain was [crew]. "Have a good trip!" said [hero].
     - "It needs a crew," said [friend] and put [crew] on it.
     - [Crew] was allowed to ride on it. It looked very brave.`,
    `- Very gently, [hero] set the [thing] on the water. It did not sink! It sailed away like a swan.
     - [Hero] gave it a push. It rocked a little, and then it sailed.
     - "Three, two, one, go!" they counted. The [thing] slid into the water and sailed off.
     - The wind took the [thing] and carried it over the little waves.`,
    `- But then it went too far. It sailed to [far] and got stuck.
     - "Come back!" called [hero]. But the [thing] sailed on, all the way to [far].
     - They were so happy that they did not look. When they turned around, the [thing] was far away, near
       [far].
     - A gust of wind came, and now it was at [far], where nobody could reach it.`,
    `- "I will go in and get it," said [friend]. "No," said [hero], "the water is too deep."
     - [Hero] wanted to jump in. "Stop!" cried [friend]. "That is dangerous."
     - [Hero] threw little stones to make waves. But that only pushed it farther away.
     - [Friend] blew as hard as possible. But it did not move.`,
    `- [Helper] had seen it all. "Wait, I have [tool]," said [helper].
     - Then they saw [helper], who had [tool]. "Could you help us, please?" asked [hero].
     - They ran to [helper] and asked for help. [Helper] came with [tool].
     - [Helper] came down to the water with [tool]. "Let me try," said [helper].`,
    `- With great care, [helper] brought the [thing] back. It was wet, but it was not broken.
     - A little to the left, a little to the right, and there it was! [Hero] took it in both hands.
     - It took some time, but then the [thing] was safe on land again.
     - Soon the [thing] was back. Even [crew.the] was still there!`,
    `- "$thanks!" said [hero] and [friend]. "Next time, tie a string to it," said [helper].
     - They tied a long string to it. Now it could sail and always come home.
     - "What an adventure!" said [friend]. They shared [snack.some] with [helper].
     - [Helper] told them about big ships on the sea until the sun went down.`,
  ],
  foods: { snack: 'snack' },
  moral:
    'one should never go into deep water alone|it is good to ask grown-ups for help|a good string can save a ship|it is wise to think before one acts',
  feelings: 'happy|relieved|glad|thankful',
  questions: `
    What sailed on the water? = The [thing] sailed on the water.
    Who helped them? = [Helper.full] helped them.
    What did [helper.full] have? = [Helper.full] had [tool].`,
}
